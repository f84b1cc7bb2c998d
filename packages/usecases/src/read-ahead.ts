/** The same items, each asked for while the one before is worked on. */
export async function* readAhead<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      // A failure is told when it is this item's turn, not before.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
