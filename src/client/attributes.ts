import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Search attributes that a task has from its start; the workflow keeps the state's up to date. No personal data, no free text. */
export const STATE = defineSearchAttributeKey('CountersignState', SearchAttributeType.KEYWORD);
export const TENANT = defineSearchAttributeKey('CountersignTenant', SearchAttributeType.KEYWORD);
export const AGENT = defineSearchAttributeKey('CountersignAgent', SearchAttributeType.KEYWORD);
export const TOOL = defineSearchAttributeKey('CountersignTool', SearchAttributeType.KEYWORD);
