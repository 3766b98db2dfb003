import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Nothing is skipped silently: names every skipped test with its reason and ends with one plain line of figures.
 * With COUNTERSIGN_TEST_SUMMARY set, the figures go to that file as a line of JSON and whoever set it prints them.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const skipped = tests.flatMap((test) => {
      const result = test.result();
      if (result.state !== 'skipped') return [];
      return [`${test.module.relativeModuleId} > ${test.fullName}: ${result.note ?? 'no reason given'}`];
    });
    const summary = { passed: count('passed'), failed: count('failed') + broken + unhandled.length, skipped };
    const file = process.env['COUNTERSIGN_TEST_SUMMARY'];
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(summary)}\n`);
    else process.stdout.write(render(summary));
  }
}

function render(summary: { passed: number; failed: number; skipped: string[] }): string {
  const { passed, failed, skipped } = summary;
  const lines = skipped.map((line) => `skipped: ${line}`);
  return [...lines, `${passed} passed, ${failed} failed, ${skipped.length} skipped`, ''].join('\n');
}
