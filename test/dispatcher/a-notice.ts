import type { Notice } from '../../src/activities/ports.js';

/** A notice of a question, unless a test says otherwise. */
export function aNotice(over: Partial<Notice> = {}): Notice {
  return {
    to: ['desk@example.com'],
    id: '7.acme',
    thread: '0123456789abcdef0123456789abcdef',
    headline: 'A decision is waiting',
    next: null,
    about: 'refund-1182:1',
    tier: 4,
    tool: 'issue_refund',
    role: 'supervisor',
    flags: [],
    deadline: Date.UTC(2026, 10, 21, 12),
    now: Date.UTC(2026, 10, 21, 9),
    link: { label: 'Open the review', url: 'https://gate.example.com/review/refund-1182:1' },
    command: 'countersign show refund-1182:1',
    ...over,
  };
}
