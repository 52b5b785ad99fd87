import type { z } from 'zod';

/**
 * What a schema lets vary, one point each: an optional field that is there or left out, nil or a value, each value of
 * an enum, each option of a union. An enum that several fields share counts once.
 */
export function pointsOf(schema: z.ZodType, path: string): string[] {
  const points = new Set<string>();
  visit(schema, path, undefined, (point) => points.add(point), new Map());
  return [...points];
}

/** The points of a schema that a value shows. */
export function pointsShownBy(schema: z.ZodType, path: string, value: unknown, enums: EnumNames): string[] {
  const points = new Set<string>();
  visit(schema, path, { value }, (point) => points.add(point), enums);
  return [...points];
}

/** Under which path each enum was met first: the name of its points. The same map goes for one schema and its values. */
export type EnumNames = Map<unknown, string>;

/** The names of the enums of a schema, as `pointsOf` uses them. */
export function enumNamesOf(schema: z.ZodType, path: string): EnumNames {
  const names: EnumNames = new Map();
  visit(schema, path, undefined, () => undefined, names);
  return names;
}

type Add = (point: string) => void;
type Shown = { readonly value: unknown } | undefined;

/** Without a value every point is told, else only those that it shows. */
function visit(schema: z.ZodType, path: string, shown: Shown, add: Add, enums: EnumNames): void {
  const definition = (schema as unknown as { def: Definition }).def;
  switch (definition.type) {
    case 'object':
      for (const [key, field] of Object.entries(definition.shape)) {
        visitField(field, `${path}.${key}`, shown && { value: memberOf(shown.value, key) }, add, enums);
      }
      return;
    case 'nullable':
      if (shown === undefined || shown.value === null) add(`${path} = nil`);
      if (shown?.value !== null) visit(definition.innerType, `${path} (known)`, shown, add, enums);
      return;
    case 'enum': {
      const name = enums.get(schema) ?? path;
      enums.set(schema, name);
      const values = shown ? [shown.value] : Object.values(definition.entries);
      for (const value of values) add(`${name} = ${String(value)}`);
      return;
    }
    case 'array':
      for (const element of elementsOf(shown)) visit(definition.element, `${path}[]`, element, add, enums);
      return;
    case 'tuple':
      definition.items.forEach((item, index) => {
        visit(item, `${path}[${index}]`, shown && { value: (shown.value as unknown[])[index] }, add, enums);
      });
      return;
    case 'record':
      for (const element of elementsOf(shown && { value: Object.values(shown.value as object) })) {
        visit(definition.valueType, `${path}.*`, element, add, enums);
      }
      return;
    case 'union':
      definition.options.forEach((option, index) => {
        if (shown === undefined || option.safeParse(shown.value).success) {
          visit(option, `${path} (form ${index + 1})`, shown, add, enums);
        }
      });
      return;
    case 'pipe':
      visit(definition.out, path, shown, add, enums);
      return;
    case 'optional':
    case 'default':
      visit(definition.innerType, path, shown, add, enums);
      return;
    default:
      add(path);
  }
}

type Definition =
  | { readonly type: 'object'; readonly shape: Readonly<Record<string, z.ZodType>> }
  | { readonly type: 'nullable' | 'optional' | 'default'; readonly innerType: z.ZodType }
  | { readonly type: 'enum'; readonly entries: Readonly<Record<string, string>> }
  | { readonly type: 'array'; readonly element: z.ZodType }
  | { readonly type: 'tuple'; readonly items: readonly z.ZodType[] }
  | { readonly type: 'record'; readonly valueType: z.ZodType }
  | { readonly type: 'union'; readonly options: readonly z.ZodType[] }
  | { readonly type: 'pipe'; readonly out: z.ZodType }
  | { readonly type: 'string' };

function visitField(field: z.ZodType, path: string, shown: Shown, add: Add, enums: EnumNames): void {
  const isOptional = field.safeParse(undefined).success;
  const isLeftOut = shown !== undefined && shown.value === undefined;
  if (isOptional && (shown === undefined || isLeftOut)) add(`${path} left out`);
  if (isLeftOut) return;
  add(path);
  visit(field, path, shown, add, enums);
}

function memberOf(value: unknown, key: string): unknown {
  return Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** The elements of an array that is shown, or one of which nothing is known. */
function elementsOf(shown: Shown): Shown[] {
  return shown ? (shown.value as unknown[]).map((value) => ({ value })) : [undefined];
}
