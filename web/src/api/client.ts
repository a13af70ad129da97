/**
 * The server, typed from its own OpenAPI document (`schema.d.ts`).
 *
 * Two ways to read an answer: `const { data, error } = await api.GET(…)` where a refusal is part of the work, and
 * `must(await api.GET(…))` where it is not: that throws a {@link Refused}, which the shell shows.
 */
import createClient, { type Middleware } from 'openapi-fetch';

import { heard } from './clock';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

/** What the server says when it says no (RFC 9457). */
export type Problem = Schemas['Problem'];

/** An answer that was no. Its message is for the person. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.article ? `${problem.detail} [第${problem.article}条]` : problem.detail);
    this.name = 'Refused';
    this.problem = problem;
  }
}

let csrf: string | null = null;
let signedOut: () => void = () => undefined;

/** The token that unsafe requests carry from now on. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** What to do when the server no longer knows who is asking. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

/**
 * Sends a file as it is. Not by fetch: that does not tell how far it has come.
 * @param progress is told the part that has left, 0 to 1.
 * @returns as of `api.POST`; rejected when the connection breaks.
 */
export function upload<T>(path: string, file: Blob, progress: (part: number) => void): Promise<{ data?: T; error?: unknown; response: Response }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (csrf !== null) request.setRequestHeader('X-CSRF-Token', csrf);
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new Error('the connection broke'));
    request.onload = () => {
      const { status, statusText } = request;
      if (status === 401) signedOut();
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Something before the server answered: its status must do.
      }
      const response = new Response(null, { status, statusText });
      resolve(response.ok ? { data: body as T, response } : { error: body, response });
    };
    request.send(file);
  });
}

const SAFE = ['GET', 'HEAD'];

const credentials: Middleware = {
  onRequest({ request }) {
    if (csrf !== null && !SAFE.includes(request.method)) request.headers.set('X-CSRF-Token', csrf);
    return request;
  },
  onResponse({ request, response }) {
    heard(response.headers.get('Date'));
    if (response.status === 401 && !request.url.endsWith('/login')) signedOut();
  },
};

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? '',
  fetch: (request: Request) => globalThis.fetch(request),
});
api.use(credentials);

/** The data of a good answer; anything else is thrown. */
export function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.response.ok) return answer.data as T;
  throw new Refused(problemOf(answer));
}

/** The problem of a bad answer, also where something before the server gave it. */
export function problemOf(answer: { error?: unknown; response: Response }): Problem {
  const { error, response } = answer;
  if (typeof error === 'object' && error !== null && 'code' in error) return error as Problem;
  const status = response.status;
  return { type: 'about:blank', title: response.statusText, status, code: 'unreadable', detail: `HTTP ${status}` };
}
