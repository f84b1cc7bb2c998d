import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly 'x-multi-segment'?: boolean;
}
interface Operation {
  readonly parameters?: readonly (Parameter | { $ref: string })[];
  readonly requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> };
  readonly servers?: readonly unknown[];
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Route {
  readonly name: string;
  readonly pattern: RegExp;
  readonly operation: Operation;
}

/** A request's place in the description. */
export interface MatchedOperation {
  /** `POST /repos/{owner}/{repo}/releases` */
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** The operation lives on the host for uploads. */
  readonly isUpload: boolean;
  /** What the description has against the request; empty when it conforms. */
  check(request: { query: URLSearchParams; json: unknown }): string[];
}

/** GitHub's published OpenAPI description, as a judge of requests. */
export interface ApiDescription {
  match(method: string, path: string): MatchedOperation | undefined;
}

let loaded: Promise<ApiDescription> | undefined;

/** Reads the description once for all servers of a process. */
export function apiDescription(): Promise<ApiDescription> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ApiDescription> {
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
  const description: Description = JSON.parse(await readFile(file, 'utf8'));
  const routes = routesOf(description);
  const checkers = new Map<string, (json: unknown) => string[]>();
  return {
    match(method, path) {
      for (const { name, pattern, operation } of routes.get(method) ?? []) {
        const match = pattern.exec(path);
        if (!match) continue;
        return {
          name,
          params: Object.fromEntries(
            Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
          ),
          isUpload: operation.servers !== undefined,
          check({ query, json }) {
            let checkBody = checkers.get(name);
            if (!checkBody) {
              checkBody = bodyChecker(description, operation);
              checkers.set(name, checkBody);
            }
            return [...checkQuery(description, operation, query), ...checkBody(json)];
          },
        };
      }
      return undefined;
    },
  };
}

/**
 * Routes by method: those with the fewest parameters first, so that `releases/latest` wins over `releases/{id}`, and of
 * those the longest, so that `commits/{ref}/check-runs` wins over a `{ref}` that may hold slashes.
 */
function routesOf(description: Description): Map<string, Route[]> {
  const routes = new Map<string, Route[]>();
  const templates = Object.keys(description.paths).sort((a, b) => count(a) - count(b) || b.length - a.length);
  for (const template of templates) {
    for (const [method, operation] of Object.entries(description.paths[template]!)) {
      const name = `${method.toUpperCase()} ${template}`;
      const route = { name, pattern: patternOf(description, template, operation), operation };
      const list = routes.get(method.toUpperCase());
      if (list) list.push(route);
      else routes.set(method.toUpperCase(), [route]);
    }
  }
  return routes;
}

function count(template: string): number {
  return template.split('{').length;
}

function patternOf(description: Description, template: string, operation: Operation): RegExp {
  const long = new Set(
    parametersOf(description, operation)
      .filter((parameter) => parameter['x-multi-segment'])
      .map((parameter) => parameter.name),
  );
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&');
      const name = part.slice(1, -1);
      return `(?<${name.replaceAll('-', '_')}>${long.has(name) ? '.+' : '[^/]+'})`;
    })
    .join('');
  return new RegExp(`^${source}$`);
}

function parametersOf(description: Description, operation: Operation): Parameter[] {
  return (operation.parameters ?? []).map((parameter) =>
    '$ref' in parameter ? (resolve(description, parameter.$ref) as Parameter) : parameter,
  );
}

function resolve(description: Description, reference: string): unknown {
  let value: unknown = description;
  for (const key of reference.slice(2).split('/')) value = (value as Record<string, unknown>)[key];
  return value;
}

function checkQuery(description: Description, operation: Operation, query: URLSearchParams): string[] {
  const known = parametersOf(description, operation).filter((parameter) => parameter.in === 'query');
  const names = new Set(known.map((parameter) => parameter.name.replace(/\[\]$/, '')));
  const unknown = [...query.keys()].filter((name) => !names.has(name));
  const missing = known.filter((parameter) => parameter.required && !query.has(parameter.name));
  return [
    ...unknown.map((name) => `the query has no parameter ${name}`),
    ...missing.map(({ name }) => `the query lacks ${name}`),
  ];
}

function bodyChecker(description: Description, operation: Operation): (json: unknown) => string[] {
  const body = operation.requestBody;
  const schema = body?.content['application/json']?.schema;
  if (!schema) return () => [];
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate: ValidateFunction = ajv.compile(
    withNull({ ...schema, components: componentsOf(description, schema) }) as object,
  );
  return (json) => {
    if (json === undefined) return body.required ? ['a body is required'] : [];
    if (!validate(json)) return (validate.errors ?? []).map((e) => `the body${e.instancePath} ${e.message}`);
    return unknownProperties(schema, json);
  };
}

/** OpenAPI 3.0 lets `nullable` stand beside anything; JSON Schema says it with an alternative. */
function withNull(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNull);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withNull(value)]),
  );
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

/** GitHub ignores what it does not know, so a misspelt property would go unseen. */
function unknownProperties(schema: Schema, json: unknown): string[] {
  const { type, properties, additionalProperties } = schema;
  if (type !== 'object' || !properties || additionalProperties || typeof json !== 'object' || !json)
    return [];
  return Object.keys(json)
    .filter((key) => !(key in properties))
    .map((key) => `the body has no property ${key}`);
}

/** The components that a schema refers to, directly or through another, at their own paths. */
function componentsOf(description: Description, schema: unknown): Record<string, Record<string, unknown>> {
  const components: Record<string, Record<string, unknown>> = {};
  const waiting = [schema];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [, kind = '', name = ''] of JSON.stringify(next).matchAll(
      /"#\/components\/([^/"]+)\/([^/"]+)"/g,
    )) {
      components[kind] ??= {};
      if (name in components[kind]) continue;
      components[kind][name] = resolve(description, `#/components/${kind}/${name}`);
      waiting.push(components[kind][name]);
    }
  }
  return components;
}
