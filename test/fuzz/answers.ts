import { InputError } from '@rastro/fault';
import { expect } from 'vitest';

/** What was read; or the error, when it is one that a user is meant to see. Anything else that is thrown fails the test. */
export function readOrRefuse<T>(read: () => T): { value: T } | { refused: InputError } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refused: toldWell(error) };
  }
}

export async function readOrRefuseLater<T>(
  read: () => Promise<T>,
): Promise<{ value: T } | { refused: InputError }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refused: toldWell(error) };
  }
}

/** One sentence for each fault, under a code. */
function toldWell(error: InputError): InputError {
  for (const { code, message } of error.faults) {
    expect(code).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
    expect(message.trim()).not.toBe('');
    expect(message).not.toContain('[object Object]');
  }
  return error;
}

/** Each fault is in this file, at a line that it has. */
export function expectPlaces(error: InputError, file: string, text: string): void {
  const lines = text.split(/\n/).length;
  for (const { place, message } of error.faults) {
    expect(place?.file, message).toBe(file);
    expect(place!.line, message).toBeGreaterThan(0);
    expect(place!.line, message).toBeLessThanOrEqual(lines);
    expect(place!.column, message).toBeGreaterThan(0);
  }
}
