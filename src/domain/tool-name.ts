const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** What a tool's name is made of, in words. */
export const TOOL_NAME_RULE = '1 to 64 letters, digits, `_`, `.` or `-`, beginning with a letter';

/** Whether a value may be a tool's name: wherever one is declared, submitted or proposed. It may still name no tool that there is. */
export function isToolName(value: unknown): value is string {
  return typeof value === 'string' && TOOL_NAME.test(value);
}

/** A tool's name where Temporal shows it. A model may have proposed anything as a name: whatever does not look like one is not shown. */
export function toolLabel(tool: string): string {
  return isToolName(tool) ? tool : 'unlisted-tool';
}
