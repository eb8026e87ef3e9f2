import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api } from "../../api/client";
import type { CrowdOffer, Me } from "../../api/types";
import { Prose } from "../admin/Prose";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { ME_KEY, useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { DoorCard } from "./DoorCard";

/** The query parameters of the address, taken out of it: they say who somebody is on another platform. */
function takeParameters(): Record<string, string> {
  const parameters = Object.fromEntries([...new URLSearchParams(window.location.search)].slice(0, 40));
  if (window.location.search !== "") window.history.replaceState(window.history.state, "", window.location.pathname);
  return parameters;
}

/** What the link on a crowd platform opens: what the study is, and a way in without any account. */
export function EnterScreen() {
  useTitle("Take part");
  const { token = "" } = useParams();
  const [parameters] = useState(takeParameters);
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const offer = useQuery({
    queryKey: ["crowd", token],
    queryFn: () => api.get<CrowdOffer>(`crowd/${encodeURIComponent(token)}/`, { quietWhenSignedOut: true }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const enter = useMutation({
    mutationFn: () =>
      api.post<Me>(`crowd/${encodeURIComponent(token)}/enter/`, { parameters }, { quietWhenSignedOut: true }),
    onSuccess: async (person) => {
      queries.clear();
      queries.setQueryData(ME_KEY, person);
      await navigate(`/studies/${offer.data?.study}/rate`);
    },
  });
  if (offer.error) {
    return (
      <DoorCard title="This link cannot be used">
        <ErrorNote error={offer.error} />
      </DoorCard>
    );
  }
  if (offer.data === undefined || me.isPending) {
    return (
      <DoorCard title="Take part">
        <Progress label="Opening the study" />
      </DoorCard>
    );
  }
  const { study_title: title, description, rois_wanted: wanted, is_open: isOpen, id_parameter: name } = offer.data;
  const known = (parameters[name] ?? "") !== "";
  return (
    <DoorCard title={title}>
      {description === "" ? null : <Prose text={description} />}
      <p>
        You rate {wanted} {wanted === 1 ? "region" : "regions"} of photographs, then you get a code for the platform
        that sent you. You need no account; opening the link again brings you back to your work.
      </p>
      <p className="muted small">
        The id that the platform gave you is kept apart from your ratings, used to pay you and deleted afterwards.
      </p>
      {isOpen ? null : <p className="note note-warn">This link lets in only people who have begun already.</p>}
      {known ? null : (
        <p className="note note-warn">
          The address does not say who you are there ({name} is missing). Open the study by the link on your platform's
          page.
        </p>
      )}
      {enter.error ? <ErrorNote error={enter.error} /> : null}
      <Button
        variant="primary"
        className="door-submit"
        disabled={!known}
        busy={enter.isPending}
        onClick={() => enter.mutate()}
      >
        Take part
      </Button>
    </DoorCard>
  );
}
