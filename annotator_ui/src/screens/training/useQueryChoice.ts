import { useSearchParams } from "react-router";

/** One of the choices, kept in the address so that a link or a reload shows the same; the first is the default. */
export function useQueryChoice<Value extends string>(
  name: string,
  choices: readonly { value: Value }[],
): [Value, (value: Value) => void] {
  const [params, setParams] = useSearchParams();
  const fallback = choices[0]?.value as Value;
  const value = choices.find((choice) => choice.value === params.get(name))?.value ?? fallback;
  const choose = (chosen: Value) => {
    const next = new URLSearchParams(params);
    if (chosen === fallback) next.delete(name);
    else next.set(name, chosen);
    setParams(next, { replace: true });
  };
  return [value, choose];
}
