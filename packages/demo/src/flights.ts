import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadDuckDb } from '@rastro/engine';

/** Rows of each month: these to learn from, the next ones to be judged on. */
const TRAIN_ROWS = 20_000;
const TEST_ROWS = 6_000;

/** Three months to begin with, and the one that is different. */
export const MONTHS = ['2001-01', '2001-02', '2001-03', '2001-05'] as const;

/**
 * Samples real flights from the npm package vega-datasets into `<folder>/{train,test}/<month>.csv`. How late earlier flights
 * of the same airport were comes from the flights that left two to four hours before. Does nothing when it was done before.
 */
export async function writeFlights(folder: string): Promise<void> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const source = join(
    dirname(createRequire(import.meta.url).resolve('vega-datasets')),
    '..',
    'data/flights-3m.parquet',
  );
  const delayNear = (airport: string) =>
    `round(avg(delay) over (partition by ${airport} order by date range between interval 4 hours preceding and interval 2 hours preceding), 1)`;
  await connection.run(`
    create temp table flight as
    select strftime(date, '%Y-%m') as month, hour(date) as hour, isodow(date) as weekday, distance, origin, destination,
      ${delayNear('origin')} as origin_delay, ${delayNear('destination')} as destination_delay,
      (delay > 15)::int as late,
      hash(date, origin, destination, distance, delay) as shuffle
    from read_parquet('${source.replaceAll("'", "''")}')
    where strftime(date, '%Y-%m') in (${MONTHS.map((month) => `'${month}'`).join(', ')})`);
  for (const month of MONTHS) {
    for (const [part, rows, skip] of [
      ['train', TRAIN_ROWS, 0],
      ['test', TEST_ROWS, TRAIN_ROWS],
    ] as const) {
      const file = join(folder, part, `${month}.csv`);
      await mkdir(dirname(file), { recursive: true });
      await connection.run(`
        copy (
          select hour, weekday, distance, origin, destination, origin_delay, destination_delay, late
          from flight where month = '${month}'
          order by shuffle, hour, weekday, distance, origin, destination, origin_delay, destination_delay, late
          limit ${rows} offset ${skip}
        ) to '${file}.tmp' (format csv, header)`);
      await rename(`${file}.tmp`, file);
    }
  }
  connection.closeSync();
  instance.closeSync();
}
