import type { Course, In, Outcome, ReaskReason } from './escalation.js';

/** Whether a course can come back for this reason: an undo only because it failed, or because what let it run was forged. */
export function isReasonOf(state: In<'RESUMING'>, reason: ReaskReason): boolean {
  if (!isAboutUndo(state)) return reason !== 'undo-failed';
  return reason === 'undo-failed' || (reason === 'unverified' && state.course.do === 'resolve');
}

/** Whether a course leads to the execute activity. */
export function runs(course: Course): boolean {
  return course.do === 'execute' || course.do === 'resolve';
}

/** Whether what resumes is the taking back of a call, or what a person found of that. */
export function isAboutUndo(state: In<'RESUMING'>): boolean {
  return state.course.do === 'undo' || (state.course.do === 'resolve' && state.reason === 'undo-failed');
}

/** Whether somebody settled what nobody knows as unknown for good. */
export function isLeaving(
  course: Course,
): course is Extract<Course, { do: 'resolve' }> & { resolution: 'leave' } {
  return course.do === 'resolve' && course.resolution === 'leave';
}

/** Whether an outcome is one that the course can have: a rejected call is never executed. */
export function canEndAs(state: In<'RESUMING'>, outcome: Outcome): boolean {
  const { course } = state;
  switch (outcome.kind) {
    case 'executed':
    case 'call-failed':
    // Whatever let it run: a run that was reset may find that people left it since.
    case 'left-unknown':
      return runs(course) && !isAboutUndo(state);
    case 'undone':
      return isAboutUndo(state);
    case 'rejected':
      return course.do === 'reject' && course.decision === outcome.decision;
    case 'denied':
      return course.do === 'deny';
    case 'answered':
      return course.do === 'answer' && course.decision === outcome.decision;
    case 'taken-over':
      return course.do === 'take-over' && course.decision === outcome.decision;
    case 'confirmed':
      // Stored in time, though the run had not heard it; or left by a person because it could not be undone.
      return (
        course.do === 'undo' ||
        ((course.do === 'confirm' || (isLeaving(course) && isAboutUndo(state))) &&
          course.decision === outcome.decision)
      );
  }
}

/** Whether a call may turn out to have run softly: nobody approved it; or its outcome was unknown, and its late result is there after all. */
export function mayActSoftly(state: In<'RESUMING'>): boolean {
  const { course, decision } = state;
  return (course.do === 'execute' && decision === null) || (course.do === 'resolve' && !isAboutUndo(state));
}
