import { createTransport } from 'nodemailer';
import { isLoopback } from '../../contract/loopback.js';
import { NotTaken, type Notifier } from '../ports.js';
import { mailText } from './mail-text.js';
import { faultName } from '../../domain/failure-facts.js';

/**
 * Mail by SMTP. A mail names title, tier, deadline and id, and where to look: no arguments, no names, nothing that decides. Machines do not
 * answer it (RFC 3834, and Exchange's header; bounces are wanted), and the mails of a task are one thread.
 */
export function smtpNotifier(settings: { readonly smtpUrl: string; readonly from: string }): Notifier {
  const transport = createTransport({
    url: settings.smtpUrl,
    ...(keepsPassword(new URL(settings.smtpUrl)) ? { requireTLS: true } : {}),
    connectionTimeout: 25_000,
    greetingTimeout: 25_000,
    socketTimeout: 35_000,
    socketCloseTimeout: 0,
  });
  const underWay = new Set<AbortController>();
  return {
    channel: 'mail',
    async send(notice, signal) {
      const sending = new AbortController();
      const giveUp = () => {
        sending.abort();
      };
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      underWay.add(sending);
      const thread = `<task.${notice.thread}@countersign>`;
      try {
        sending.signal.throwIfAborted();
        await transport.sendMail({
          from: settings.from,
          to: [...notice.to],
          ...mailText(notice),
          messageId: `<${notice.id}@countersign>`,
          inReplyTo: thread,
          references: thread,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'OOF, AutoReply' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: sending.signal,
        });
        return null;
      } catch (error) {
        throw refusal(error);
      } finally {
        signal.removeEventListener('abort', giveUp);
        underWay.delete(sending);
      }
    },
    close: () => {
      for (const sending of underWay) sending.abort();
      transport.close();
    },
  };
}

/** Whether a password would leave this machine in the clear where the server, or whoever stands before it, offers no STARTTLS. */
function keepsPassword(url: URL): boolean {
  const named = url.username !== '' || url.password !== '';
  return named && url.protocol === 'smtp:' && !isLoopback(url) && !url.searchParams.has('requireTLS');
}

/** Replies of 500 and more are for good (RFC 5321, 4.2.1). */
function refusal(error: unknown): NotTaken {
  if (!(error instanceof Error)) return new NotTaken('unknown');
  const status = 'responseCode' in error ? Number(error.responseCode) : 0;
  const code = faultName(error);
  return new NotTaken(status > 0 ? `${code}-${status}` : code, { permanent: status >= 500, cause: error });
}
