/**
 * Configuration that carries a token to git by its environment: never in an argument, which every process can read, and
 * never in a URL, which errors print. The empty value takes back the header that a checkout may have left, as two
 * Authorization headers are refused. Redirects are not followed: the header would go along to the other host.
 */
export function tokenConfiguration(token: string, remoteUrl: string): [string, string][] {
  const url = URL.canParse(remoteUrl) ? new URL(remoteUrl) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return [];
  const key = `http.${url.origin}/.extraheader`;
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  return [
    [key, ''],
    [key, `AUTHORIZATION: basic ${credentials}`],
    ['http.followRedirects', 'false'],
  ];
}

/** `GIT_CONFIG_COUNT` and its keys and values, as git-config(1) reads them. */
export function configurationEnvironment(settings: readonly [string, string][]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/** Text without the user and password of URLs in it. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^\s/@]+@/g, '$1');
}
