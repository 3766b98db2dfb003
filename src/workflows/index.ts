import './short-stacks.js';
export { agentTask } from './agent-task.js';
