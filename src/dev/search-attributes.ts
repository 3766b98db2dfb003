/** The search attributes of Countersign and their types, as every Temporal namespace it uses must know them. */
export const searchAttributes = {
  CountersignState: 'Keyword',
  CountersignRole: 'Keyword',
  CountersignTier: 'Keyword',
  CountersignTool: 'Keyword',
  CountersignAgent: 'Keyword',
  CountersignTenant: 'Keyword',
  CountersignDeadline: 'Datetime',
} as const;
