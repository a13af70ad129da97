import { describe, expect, it } from 'vitest';

import { toldOf, weave, type CallView, type EventView, type MessageView } from './timeline';

const event = (seq: number, at: string, body: object): EventView =>
  ({ seq, at, actor: 'agent', name: 'x', event: body, prev_hash: '', hash: '' }) as unknown as EventView;

describe('the timeline', () => {
  it('weaves calls, facts and messages by time, a call before what was written of it', () => {
    const events = [event(1, '2026-11-28T09:00:00+08:00', {}), event(2, '2026-11-28T09:05:00+08:00', {})];
    const calls = [{ id: 'c', started_at: '2026-11-28T01:00:00Z' }] as unknown as CallView[];
    const messages = [{ id: 'm', queued_at: '2026-11-28T09:04:00+08:00' }] as unknown as MessageView[];
    expect(weave(events, calls, messages).map((entry) => entry.id)).toEqual(['c', 'event-1', 'm', 'event-2']);
  });

  it('tells what the desk did with a demand, whatever it is wrapped in', () => {
    const refusal = { ground: { code: 'outside_jiangsu', hotline: '0551-12345' }, explanation: '不属江苏管辖', state: { state: 'final' } };
    expect(toldOf(event(1, '', { refusal }))).toEqual([{ key: 'explanation', value: '不属江苏管辖' }]);
    expect(toldOf(event(2, '', { explanation: { explanation: '请联系', guidance: '12333' } }))).toEqual([
      { key: 'explanation', value: '请联系' },
      { key: 'guidance', value: '12333' },
    ]);
    expect(toldOf(event(4, '', { word: { kind: 'result', text: '已疏通' } }))).toEqual([
      { key: 'said', value: 'result' },
      { key: 'text', value: '已疏通' },
    ]);
    expect(toldOf(event(3, '', { lane: { code: 'enterprise' } }))).toEqual([{ key: 'lane', value: 'enterprise' }]);
  });

  it('tells a deadline by its end and leaves out what is empty', () => {
    const told = toldOf(event(1, '', { lead: 'nj', co_handlers: [], basis: null, handle: { from: 'a', due: 'b' }, rules: 'r' }));
    expect(told).toEqual([
      { key: 'lead', value: 'nj' },
      { key: 'handle', value: 'b' },
      { key: 'rules', value: 'r' },
    ]);
  });
});
