/** Rules of this house that oxlint has no option for. Loaded through `jsPlugins` in .oxlintrc.json. */

/** `new Date()` reads the clock; `new Date(ms)` only converts and stays allowed. */
const noClock = {
  create(context) {
    return {
      NewExpression(node) {
        const reads =
          node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0;
        if (reads) context.report({ node, message: 'Time is an argument here: take it from the caller.' });
      },
    };
  },
};

/** `as T` and `x!` silence the compiler, so the line says why that is right. `as const` is free. */
const assertionNeedsReason = {
  create(context) {
    const lines = context.sourceCode.text.split('\n');
    const hasReason = (node) => {
      for (let line = node.loc.start.line; line <= node.loc.end.line; line++) {
        if (/\/\/ \S|\/\* \S/.test(lines[line - 1] ?? '')) return true;
      }
      return false;
    };
    const check = (node) => {
      if (!hasReason(node)) context.report({ node, message: 'Say on this line why the assertion holds.' });
    };
    const isConst = (type) =>
      type.type === 'TSTypeReference' &&
      type.typeName.type === 'Identifier' &&
      type.typeName.name === 'const';
    return {
      TSAsExpression(node) {
        if (!isConst(node.typeAnnotation)) check(node);
      },
      TSNonNullExpression: check,
    };
  },
};

export default {
  meta: { name: 'house' },
  rules: { 'no-clock': noClock, 'assertion-needs-reason': assertionNeedsReason },
};
