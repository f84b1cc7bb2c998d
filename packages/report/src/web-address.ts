const MAX_LENGTH = 1000;

/** An address in its normal form; undefined when it is not one of the web (http, https), or is absurdly long. */
export function webAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return (protocol === 'https:' || protocol === 'http:') && href.length <= MAX_LENGTH ? href : undefined;
}
