export { agentTask } from './agent-task.js';
