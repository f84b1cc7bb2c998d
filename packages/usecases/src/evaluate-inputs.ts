import type { Document } from '@rastro/document';
import { type Fault, fault, InputError, place } from '@rastro/fault';
import { PROJECT_FILE, Project } from '@rastro/lineage';
import type { EvaluateRequest } from './evaluate.ts';

/** The request without `rastro.yaml`: whether any input is given that says what the file would say. */
export function isByInputs({ model, ...inputs }: EvaluateRequest): boolean {
  return model.some(isModelFile) || Object.values(inputs).some((value) => value !== undefined);
}

/**
 * The project that the inputs describe: one dataset, and one model that is a file or a file of predictions.
 * @throws InputError with every input that is missing or does not fit.
 */
export function projectOfInputs(request: EvaluateRequest): Document<Project> {
  const { model, data, target, task, predictions, features, positive, slices } = request;
  const missing = Object.entries({ data, target, task }).flatMap(([name, value]) =>
    value === undefined ? [missingInput(name)] : [],
  );
  const [file, ...others] = model;
  if ((file === undefined) === (predictions === undefined) || others.length > 0) {
    missing.push(
      fault(
        'missing-input',
        'give either the model (one ONNX file) or the predictions, and not both',
        undefined,
        `Or describe the model in ${PROJECT_FILE}, and give no further inputs.`,
      ),
    );
  }
  if (missing.length > 0) throw new InputError(missing);
  const name = nameOf(file ?? predictions!);
  const result = Project.safeParse({
    version: 1,
    data: { [nameOf(data!)]: { path: data } },
    models: {
      [name]: {
        task,
        target,
        ...(file === undefined ? {} : { model: file }),
        ...(features ? { features } : {}),
        evaluate: {
          data: nameOf(data!),
          ...(predictions === undefined
            ? {}
            : { predictions: { path: predictions, ...predictionColumns(request) } }),
          ...(positive === undefined ? {} : { positive }),
          ...(slices ? { slices } : {}),
        },
      },
    },
  });
  const at = place(data!);
  if (!result.success) {
    throw new InputError(
      result.error.issues.map((issue) =>
        fault('invalid-input', `${String(issue.path.at(-1))}: ${issue.message}`, at, 'Correct this input.'),
      ),
    );
  }
  return {
    value: result.data,
    file: 'the inputs',
    placeOf: () => at,
    placeOfKey: () => at,
    textOf: () => undefined,
  };
}

/** Labels or values in a column `prediction`, unless something else is said. */
function predictionColumns({ prediction, score }: EvaluateRequest) {
  return {
    ...(prediction === undefined && score !== undefined ? {} : { prediction: prediction ?? 'prediction' }),
    ...(score === undefined ? {} : { score }),
  };
}

function isModelFile(name: string): boolean {
  return /\.onnx$/i.test(name);
}

function missingInput(name: string): Fault {
  return fault(
    'missing-input',
    `the input "${name}" is missing`,
    undefined,
    `Without ${PROJECT_FILE} a model is judged by the inputs data, target, task, and model or predictions.`,
  );
}

/** A name for a file: what comes before its ending, in the letters that names have. */
function nameOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  return file.replaceAll(/[^a-zA-Z0-9_-]+/g, '-').replaceAll(/^[-_]+|[-_]+$/g, '') || 'data';
}
