import { z } from 'zod';

const Custom = z.array(z.looseObject({ property: z.string(), value: z.unknown() }));

const Quality = z.looseObject({
  type: z.string().optional(),
  metric: z.string().optional(),
  /** The word for `metric` before 3.1. */
  rule: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  severity: z.string().optional(),
  unit: z.string().optional(),
  query: z.string().optional(),
  engine: z.string().optional(),
  implementation: z.unknown().optional(),
  arguments: z.looseObject({}).optional(),
  customProperties: Custom.optional(),
});
export type Quality = z.output<typeof Quality>;

const Property = z.looseObject({
  name: z.string(),
  businessName: z.string().optional(),
  description: z.string().optional(),
  logicalType: z.string().optional(),
  physicalType: z.string().optional(),
  logicalTypeOptions: z.looseObject({}).prefault({}),
  required: z.boolean().default(false),
  unique: z.boolean().default(false),
  primaryKey: z.boolean().default(false),
  primaryKeyPosition: z.number().optional(),
  classification: z.string().optional(),
  relationships: z.array(z.unknown()).default([]),
  quality: z.array(Quality).default([]),
});
export type Property = z.output<typeof Property>;

/** The parts of the standard that are read. Other keys are allowed: it says much that is not about rows and columns. */
export const Odcs = z.looseObject({
  apiVersion: z.string().regex(/^v3\./, 'only version 3 of the standard is read'),
  kind: z.literal('DataContract'),
  id: z.string(),
  name: z.string().optional(),
  version: z.union([z.string(), z.number()]).transform(String),
  description: z.union([z.string(), z.looseObject({ purpose: z.string().optional() })]).optional(),
  team: z.unknown().optional(),
  servers: z
    .array(
      z.looseObject({
        type: z.string(),
        path: z.string().optional(),
        format: z.string().optional(),
        customProperties: Custom.optional(),
      }),
    )
    .default([]),
  schema: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().optional(),
        properties: z.array(Property).min(1),
        relationships: z.array(z.unknown()).default([]),
        quality: z.array(Quality).default([]),
      }),
    )
    .min(1),
});
export type Odcs = z.output<typeof Odcs>;
export type Table = Odcs['schema'][number];
