import type { z } from 'zod';

/** The keys that a schema accepts in the object at a path, over all branches of unions. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here = [schema as z.core.$ZodType];
  for (const step of path) here = here.flatMap(branches).flatMap((branch) => childOf(branch, step));
  return [...new Set(here.flatMap(branches).flatMap((branch) => Object.keys(shapeOf(branch))))];
}

/** A schema without its wrappers, or each option of a union. */
function branches(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      return branches(def.innerType);
    case 'pipe':
      return branches(def.in);
    case 'lazy':
      return branches(def.getter());
    case 'union':
      return def.options.flatMap(branches);
    default:
      return [schema];
  }
}

function shapeOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'object' ? (def.shape as Record<string, z.core.$ZodType>) : {};
}

function childOf(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') {
    const child = (def.shape as Record<PropertyKey, z.core.$ZodType>)[step];
    return child ? [child] : [];
  }
  if (def.type === 'record') return [def.valueType];
  if (def.type === 'array') return [def.element];
  return [];
}
