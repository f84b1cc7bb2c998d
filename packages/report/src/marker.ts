import { fault, InputError } from '@rastro/fault';

const MAX_KEY = 250;

/**
 * The hidden line that tells the comment of a key from all others. It stands first in the body. The key is percent-encoded,
 * so that no key can close the HTML comment and two keys never share a marker.
 * @throws InputError when the key is empty or has more than 250 characters.
 */
export function marker(key: string): string {
  if (key === '' || key.length > MAX_KEY) {
    const message = `a report key has 1 to ${MAX_KEY} characters, this has ${key.length}`;
    throw new InputError(fault('report-key', message, undefined, 'Give the report a short key.'));
  }
  const safe = encodeURIComponent(key.toWellFormed())
    .replaceAll(/[!'()*~]/g, percent)
    .replaceAll('--', '-%2D');
  return `<!-- rastro:${safe} -->`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
