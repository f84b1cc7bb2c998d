/**
 * The hidden line that tells the comment of a key from all others. It stands first in the body. The key is percent-encoded,
 * so that no key can close the HTML comment and two keys never share a marker.
 */
export function marker(key: string): string {
  const safe = encodeURIComponent(key.toWellFormed())
    .replaceAll(/[!'()*~]/g, percent)
    .replaceAll('--', '-%2D');
  return `<!-- rastro:${safe} -->`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
