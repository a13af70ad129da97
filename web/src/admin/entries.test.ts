import { describe, expect, it } from 'vitest';

import { entryText } from './entries';

describe('an entry as text', () => {
  it('is a table of the organisation file, one key a line', () => {
    const text = entryText('queues', { name: 'main', wrap_up_s: 60, needs: { mandarin: 1 } });
    expect(text).toBe('[[queue]]\nname = "main"\nwrap_up_s = 60\nneeds = { mandarin = 1 }\n');
  });

  it('asks for secrets anew, because the page never had them', () => {
    const text = entryText('sms_gateways', { name: 'main', kind: 'http', url: 'http://x', signed: true });
    expect(text).toContain('[[sms_gateway]]');
    expect(text).toContain('secret = ""');
    expect(text).not.toContain('signed');
  });

  it('keeps hostile words inside their quotes', () => {
    expect(entryText('units', { code: 'a', name: 'x"\n[[user]]' })).toContain('name = "x\\"\\n[[user]]"');
  });
});
