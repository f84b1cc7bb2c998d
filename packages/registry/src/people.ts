import type { Principal } from './policy-question.ts';

/** Whether a policy that names a login or a numeric id means this person. */
export function isPerson(person: string | number, { login, id }: Principal): boolean {
  return typeof person === 'number' ? person === id : person.toLowerCase() === login.toLowerCase();
}

/** By numeric id where the forge told both, else by login. */
export function isSamePerson(a: Principal, b: Principal): boolean {
  return a.id !== null && b.id !== null ? a.id === b.id : a.login.toLowerCase() === b.login.toLowerCase();
}

export function showPerson({ login, id }: Principal): string {
  return id === null ? login : `${login} (${id})`;
}
