import { z } from 'zod';

/** The name of a dataset, a model or an environment. */
export const Name = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?$/,
    'use letters, digits, "-", "_" and "/", with a letter or digit at both ends',
  );

export const RepositoryPath = z
  .string()
  .min(1)
  .refine(
    (path) => !path.startsWith('/') && !/^[a-zA-Z]:/.test(path),
    'give a path relative to the repository',
  )
  .refine((path) => !path.includes('\0'), 'a path has no zero byte')
  .refine((path) => !path.split(/[\\/]/).includes('..'), 'a path may not leave the repository');

export const Scalar = z.union([z.string(), z.number(), z.boolean()]);
