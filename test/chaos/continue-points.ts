/** Workflow interceptors that tell a victim when a run is about to hand over, and when the next one begins. Bundled, never imported. */
import { proxySinks, workflowInfo, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

interface PointSinks extends Sinks {
  points: { at(name: string): void };
}
const { points } = proxySinks<PointSinks>();

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute(input, next) {
        if (workflowInfo().continuedFromExecutionRunId !== undefined) points.at('run-begun');
        return next(input);
      },
    },
  ],
  outbound: [
    {
      continueAsNew(input, next) {
        points.at('run-leaving');
        return next(input);
      },
    },
  ],
});
