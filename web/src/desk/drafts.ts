/**
 * Drafts that outlive their browser. What is put into localStorage reaches the disk when the browser finds time, up to a minute
 * later: a browser that is killed loses it. A transaction of IndexedDB says when it is written.
 */

function opened(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open('hotline', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('drafts');
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error ?? new Error('no database'));
  });
}

let database: Promise<IDBDatabase> | undefined;

/** Resolves once it is on the disk. */
export async function putDraft(place: string, text: string): Promise<void> {
  const transaction = (await (database ??= opened())).transaction('drafts', 'readwrite', { durability: 'strict' });
  transaction.objectStore('drafts').put(text, place);
  await new Promise<void>((done, fail) => {
    transaction.oncomplete = () => done();
    transaction.onabort = () => fail(transaction.error ?? new Error('not written'));
  });
}

export async function draftAt(place: string): Promise<string | null> {
  const asked = (await (database ??= opened())).transaction('drafts').objectStore('drafts').get(place);
  return new Promise((done, fail) => {
    asked.onsuccess = () => done(typeof asked.result === 'string' ? asked.result : null);
    asked.onerror = () => fail(asked.error ?? new Error('not read'));
  });
}
