/** The promise data makes: schema, parse, infer, evolve, plan of checks. */
export {};
