import { useState } from "react";
import { fieldsBelow, limitsOf, type OpenAPI, resolve, type Schema, typeOf } from "./openapi";

/** A schema's fields; those that hold objects themselves open on demand, which also stops schemas that hold themselves. */
export function SchemaView({ document, schema }: { document: OpenAPI; schema: Schema }) {
  const object = fieldsBelow(document, schema);
  if (object === null) return <p className="mono small">{typeOf(document, schema)}</p>;
  const required = new Set(object.required ?? []);
  return (
    <div>
      <p className="mono small">{typeOf(document, schema)}</p>
      <ul className="plain-list schema-fields">
        {Object.entries(object.properties ?? {}).map(([name, field]) => (
          <li key={name}>
            <FieldView document={document} name={name} field={field} required={required.has(name)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function FieldView({
  document,
  name,
  field,
  required,
}: {
  document: OpenAPI;
  name: string;
  field: Schema;
  required: boolean;
}) {
  const [open, setOpen] = useState(false);
  const found = resolve(document, field).schema;
  const description = field.description ?? found.description;
  const limits = limitsOf(field.$ref === undefined ? field : found);
  const line = (
    <>
      <code className="schema-name">{name}</code> <span className="small">{typeOf(document, field)}</span>
      {required ? <span className="muted small"> required</span> : null}
      {field.readOnly ? <span className="muted small"> read-only</span> : null}
      {limits ? <span className="muted small"> {limits}</span> : null}
    </>
  );
  return (
    <>
      {fieldsBelow(document, field) === null ? (
        line
      ) : (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{line}</summary>
          {open ? <SchemaView document={document} schema={field} /> : null}
        </details>
      )}
      {description ? <p className="muted small">{description}</p> : null}
    </>
  );
}
