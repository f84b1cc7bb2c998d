/** The version of Rastro, for records and `--version`; a test holds it to the root package.json. */
export const VERSION = '0.1.0';
