import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "../../api/client";
import "./admin.css";
import "./docs.css";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useTitle } from "../shared/useTitle";
import { groupsOf, matching, type OpenAPI, type Operation, operationsOf, typeOf } from "./openapi";
import { SchemaView } from "./SchemaView";

/** The HTTP API for people who write programs: every call with its parameters, bodies and answers, from the schema. */
export function ApiDocsScreen() {
  useTitle("HTTP API");
  const schema = useQuery({
    queryKey: ["schema"],
    queryFn: () => api.get<OpenAPI>("schema/", { query: { format: "json" } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <main className="page stack">
      <header>
        <p className="small">
          <Link to="/">ROIQA</Link>
        </p>
        <h1>HTTP API {schema.data ? <span className="muted">{schema.data.info.version}</span> : null}</h1>
        <Introduction />
      </header>
      {schema.error ? <ErrorNote error={schema.error} onRetry={() => void schema.refetch()} /> : null}
      {schema.isPending ? <Progress label="Reading the schema" /> : null}
      {schema.data ? <Calls document={schema.data} /> : null}
    </main>
  );
}

function Introduction() {
  const origin = window.location.origin;
  return (
    <>
      <p>
        Everything the pages do goes through this API. Programs sign in with a token, made on the account page or with
        the call below. Bodies are JSON, times are UTC, and an error is always{" "}
        <code>{'{"code", "detail", "fields"}'}</code>. Lists come in pages: follow <code>next</code> until it is null.
      </p>
      <pre className="command">
        {`curl -X POST ${origin}/api/v1/auth/token/ -H 'Content-Type: application/json' \\\n     -d '{"username": "...", "password": "..."}'\n`}
        {`curl ${origin}/api/v1/studies/ -H 'Authorization: Token ...'`}
      </pre>
      <p>
        <a href="/api/v1/schema/?format=json" download="roiqa-openapi.json">
          Download the OpenAPI schema
        </a>{" "}
        to generate a client.
      </p>
    </>
  );
}

function Calls({ document }: { document: OpenAPI }) {
  const [query, setQuery] = useState("");
  const operations = operationsOf(document);
  const found = matching(operations, query);
  return (
    <>
      <div className="docs-search">
        <label htmlFor="docs-search">Search the calls</label>
        <input
          id="docs-search"
          className="input"
          type="search"
          placeholder="release export, POST rating, …"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <span className="muted small" role="status">
          {found.length} of {operations.length} calls
        </span>
      </div>
      {groupsOf(found).map(([area, group]) => (
        <section key={area} aria-label={area}>
          <h2>{area}</h2>
          <ul className="plain-list">
            {group.map((operation) => (
              <li key={operation.id}>
                <Call document={document} operation={operation} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {found.length === 0 ? <p className="muted">No call has all these words.</p> : null}
    </>
  );
}

function Call({ document, operation }: { document: OpenAPI; operation: Operation }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="call" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={`method method-${operation.method.toLowerCase()}`}>{operation.method}</span>{" "}
        <code>{operation.path}</code> <span className="muted small">{operation.summary}</span>
      </summary>
      {open ? <CallBody document={document} operation={operation} /> : null}
    </details>
  );
}

function CallBody({ document, operation }: { document: OpenAPI; operation: Operation }) {
  return (
    <div className="call-body stack">
      {operation.description ? <p className="prose">{operation.description}</p> : null}
      {operation.parameters.length === 0 ? null : (
        <section>
          <h3>Parameters</h3>
          <ul className="plain-list">
            {operation.parameters.map(({ name, in: where, required, description, schema }) => (
              <li key={`${where} ${name}`}>
                <code className="schema-name">{name}</code>{" "}
                <span className="small">{schema ? typeOf(document, schema) : ""}</span>{" "}
                <span className="muted small">
                  in the {where}
                  {required ? ", required" : ""}
                </span>
                {description ? <p className="muted small">{description}</p> : null}
              </li>
            ))}
          </ul>
        </section>
      )}
      {operation.requests.map(({ mediaType, schema }) => (
        <section key={mediaType}>
          <h3>
            Body <span className="muted small">{mediaType}</span>
          </h3>
          <SchemaView document={document} schema={schema} />
        </section>
      ))}
      <section>
        <h3>Answers</h3>
        {operation.responses.map(({ status, description, bodies }) => (
          <div key={status}>
            <p>
              <strong>{status}</strong>{" "}
              <span className="muted">{description || (bodies.length === 0 ? "no body" : "")}</span>
            </p>
            {bodies.map(({ mediaType, schema }) => (
              <SchemaView key={mediaType} document={document} schema={schema} />
            ))}
          </div>
        ))}
      </section>
    </div>
  );
}
