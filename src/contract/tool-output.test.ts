import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ToolDefinition } from './tool-definition.js';
import { defineTool } from './tool.js';

const input = z.strictObject({ id: z.string() });
const tool = (change: Partial<ToolDefinition<typeof input>> = {}) =>
  defineTool({
    name: 'look',
    version: '1',
    tier: 1,
    input,
    describe: () => 'Look',
    run: () => ({}),
    ...change,
  });
const output = z.object({
  order: z.strictObject({ id: z.string(), cents: z.int() }),
  lines: z.array(z.object({ price: z.number() })).optional(),
  notes: z.record(z.string(), z.number()).optional(),
});

describe('a tool that declares what it returns', () => {
  it('shows it as JSON Schema', () => {
    expect(tool({ output }).outputSchema).toMatchObject({
      type: 'object',
      properties: { order: { required: ['id', 'cents'], additionalProperties: false } },
    });
    expect(tool().outputSchema).toBeNull();
    expect(tool({ output }).schemaDigest).toBe(tool().schemaDigest);
  });

  it('takes what fits, and everything when nothing is declared', () => {
    const order = { id: '1', cents: 2 };
    expect(tool({ output }).checkOutput({ order, lines: [{ price: 1.5, more: true }] })).toBeNull();
    for (const result of [null, 'anything', { order }]) expect(tool().checkOutput(result)).toBeNull();
  });

  // Seen to fail: zod's own messages and paths told.
  it.each([
    [null, '$ (invalid_type)'],
    [{ order: { id: 1, cents: 2 } }, '$.order.id (invalid_type)'],
    [{ order: { id: 'x', cents: 'mia@example.com' } }, '$.order.cents (invalid_type)'],
    [{ order: { id: 'x', cents: 1, 'mia@example.com': 1 } }, '$.order (unrecognized_keys)'],
    [{ order: { id: 'x', cents: 1 }, lines: [{ price: 1 }, {}] }, '$.lines[1].price (invalid_type)'],
    [{ order: { id: 'x', cents: 1 }, notes: { 'mia@example.com': 'secret' } }, '$.notes["*"] (invalid_type)'],
    [{ unserialisable: 'secret' }, '$.order (invalid_type)'],
  ])('says where %j is something else, and quotes nothing of it', (result, place) => {
    const said = tool({ output }).checkOutput(result);
    expect(said).toBe(`the result is not what the tool declares as output: ${place}`);
    expect(said).not.toMatch(/mia|secret/);
  });

  it('takes a schema that throws for one that does not fit', () => {
    const strange = z.string().refine(() => {
      throw new Error('mia@example.com');
    });
    expect(tool({ output: strange }).checkOutput('x')).toBe(
      'the output schema of the tool failed on the result',
    );
    const late = z.string().refine(() => Promise.resolve(true));
    expect(tool({ output: late }).checkOutput('x')).toBe(
      'the output schema of the tool failed on the result',
    );
  });

  it.each([
    [
      'what JSON does not hold',
      z.object({ at: z.date() }),
      '`output` must be plain JSON, so that it can be checked',
    ],
    ['what is no schema', {} as z.ZodType, '`output` must be a zod schema'], // an author without types
  ])('is refused with %s', (_name, declared, fault) => {
    expect(() => tool({ output: declared })).toThrow(fault);
  });
});
