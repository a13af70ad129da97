/** Tickets by their numbers, which people have; routes want ids. */
import { api, must, type Problem } from '../api/client';

/** The numbers in what somebody typed, however they are set apart. */
export function numbersIn(text: string): string[] {
  return [...new Set(text.split(/[\s,，、;；]+/).filter((part) => part !== ''))];
}

/** The ids of tickets, in order; or the first number that is none, or none that one may see. */
export async function idsOf(numbers: readonly string[]): Promise<{ ids: string[] } | { unknown: string }> {
  const found = await Promise.all(
    numbers.map(async (number) => must(await api.GET('/api/v1/tickets', { params: { query: { q: number, limit: 5 } } })).items.find((one) => one.number === number)?.id),
  );
  const lacking = found.indexOf(undefined);
  return lacking < 0 ? { ids: found as string[] } : { unknown: numbers[lacking] ?? '' };
}

/** An answer that says no, given before the server was asked. */
export function sayNo(code: string, detail: string): { error: Problem; response: Response } {
  return { error: { type: 'about:blank', title: '', status: 422, code, detail }, response: new Response(null, { status: 422 }) };
}
