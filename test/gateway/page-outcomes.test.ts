import { describe, expect, it } from 'vitest';
import { showEscalation } from '../../src/cli/render/show-escalation.js';
import { historyPage } from '../../src/gateway/pages/history-page.js';
import { reviewPage } from '../../src/gateway/pages/review-page.js';
import { NOW } from '../support/brief-input.js';
import { aReader, aView, someDecisions } from '../support/page-views.js';

const SCREEN = { width: 200, now: NOW, zone: 'UTC' };

function shown(view: ReturnType<typeof aView>): readonly string[] {
  return [reviewPage(view, aReader()).toString(), showEscalation(view, SCREEN).join('\n')];
}

describe('page and terminal', () => {
  it('name the role that is asked when nobody answers', () => {
    for (const text of shown(aView({ nextRole: 'support_director' })))
      expect(text.replaceAll(/<\/?b>/g, '')).toMatch(/else\s+support_director is asked/);
  });

  // Seen to fail: an approval whose call failed read `took effect`, and nothing else.
  it('say of a closed question what became of its call, and of no deadline', () => {
    for (const text of shown(aView({ state: 'approve', outcome: 'failed: card-declined', mayDo: [] }))) {
      expect(text).toContain('The call was made and failed: card-declined.');
      expect(text).toContain('nobody is asked any more');
      expect(text).not.toContain('denied');
    }
  });
});

describe('My decisions', () => {
  // Seen to fail: `applied` alone.
  it('says of an approval what became of its call', () => {
    const [one] = someDecisions();
    const made =
      one === undefined
        ? []
        : [
            {
              ...one,
              outcome: 'applied' as const,
              call: { status: 'failed', errorCode: 'card-declined' } as const,
            },
          ];
    expect(historyPage(made, null, aReader()).toString()).toContain(
      'The call was made and failed: card-declined.',
    );
  });
});
