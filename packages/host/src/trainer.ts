import { didYouMean } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import { train } from '@rastro/tabular';
import { type ColumnRequest, type DataEngine, readColumns, type Trainer } from '@rastro/usecases';

/** The embedded trainer on tables that the data engine reads. Text columns become categories. */
export function embeddedTrainer(data: () => Promise<DataEngine>): Trainer {
  return {
    async train({ kind, task, source, target, features, params, seed }) {
      const engine = await data();
      const { columns: known } = await engine.describe(source);
      const names = known.map(({ name }) => name);
      const wanted = features ?? names.filter((name) => name !== target);
      for (const name of [...wanted, target]) {
        if (names.includes(name)) continue;
        const nearest = didYouMean(name, names);
        throw new InputError(
          fault(
            'unknown-column',
            `the training data has no column "${name}"`,
            undefined,
            nearest ? `Did you mean "${nearest}"?` : `Columns: ${names.join(', ')}.`,
          ),
        );
      }
      const typed = (name: string): ColumnRequest => {
        const type = known.find((column) => column.name === name)!.type;
        return {
          name,
          as: type === 'integer' || type === 'number' || type === 'boolean' ? 'number' : 'string',
        };
      };
      const requests = [
        ...wanted.map(typed),
        task === 'regression' ? { name: target, as: 'number' as const } : typed(target),
      ];
      const columns = await readColumns(engine, source, requests);
      const targetColumn = columns.at(-1)!;
      const made = train({
        kind,
        task,
        columns: wanted.map((name, index) => ({ name, data: columns[index]! })),
        target: { name: target, data: targetColumn },
        params,
        seed,
      });
      return { model: made.model, rows: targetColumn.length, features: made.features, summary: made.summary };
    },
  };
}
