import { z } from 'zod';

/** A model, stage or environment as a user may name it: nothing that a program could take for an option or a path. */
export const Name = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?$/,
    'use letters, digits, "-", "_" and "/", with a letter or digit at both ends',
  );

/** A version as the registry writes it. */
export const VersionName = z.string().regex(/^v\d[0-9A-Za-z.+-]*$/, 'give a version such as v1.2.3');
