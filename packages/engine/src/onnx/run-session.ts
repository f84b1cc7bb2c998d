import type { InputError } from '@rastro/fault';
import type { InferenceSession } from 'onnxruntime-node';
import { refusal } from './model-file.ts';

/** @throws InputError `model-cannot-run` with the reason of ONNX Runtime */
export async function runSession(
  session: InferenceSession,
  path: string,
  feeds: InferenceSession.FeedsType,
  names: readonly string[],
): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, names);
  } catch (error) {
    throw cannotRun(path, error);
  }
}

/** What ONNX Runtime says, told as a fault of the model. */
export function cannotRun(path: string, error: unknown): InputError {
  const reason = plainReason(error);
  const locale = /locale with name:\s*([\w.-]+)/.exec(reason)?.[1];
  if (locale) {
    return refusal(
      path,
      'model-cannot-run',
      `needs the locale ${locale}, which this machine does not have`,
      `Install it before this step: \`sudo locale-gen ${locale}\`.`,
      error,
    );
  }
  const opset = /Opset (\d+) is under development.*domain (\S+) is till opset (\d+)/.exec(reason);
  if (opset) {
    const [, asked, domain, known] = opset;
    return tooNew(path, `operator set ${asked} of ${domain}`, known!, `opset ${known}`, error);
  }
  const format = /IR version: (\d+), max supported IR version: (\d+)/.exec(reason);
  if (format) return tooNew(path, `IR version ${format[1]}`, format[2]!, `IR version ${format[2]}`, error);
  return refusal(
    path,
    'model-cannot-run',
    `cannot be run: ${reason}`,
    'Check the model with ONNX Runtime where it was made, and export it with operators that it has.',
    error,
  );
}

function tooNew(path: string, asked: string, known: string, target: string, error: unknown): InputError {
  return refusal(
    path,
    'model-cannot-run',
    `needs ${asked}, and this ONNX Runtime knows them up to ${known}`,
    `Export the model for ${target} or earlier.`,
    error,
  );
}

/** What ONNX Runtime says, without the places in its own source and the signatures of its functions. */
function plainReason(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
  return text
    .replaceAll(/\/onnxruntime_src\/\S+:\d+ .*?\((?:[^()]|\([^()]*\))*\)(?: const)? /g, '')
    .replaceAll(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
