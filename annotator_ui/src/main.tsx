import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiError } from "./api/errors";
import { Progress } from "./screens/shared/Progress";
import { ToastProvider } from "./screens/shared/Toast";
import { CrashScreen, NotFoundScreen } from "./screens/shell/NotFoundScreen";
import { Shell } from "./screens/shell/Shell";

const STAGE = { stage: true };

const router = createBrowserRouter([
  {
    errorElement: <CrashScreen />,
    hydrateFallbackElement: <Progress label="Opening ROIQA" />,
    children: [
      { path: "/login", lazy: async () => ({ Component: (await import("./screens/home/LoginScreen")).LoginScreen }) },
      {
        path: "/join/:token",
        lazy: async () => ({ Component: (await import("./screens/home/JoinScreen")).JoinScreen }),
      },
      {
        path: "/enter/:token",
        lazy: async () => ({ Component: (await import("./screens/home/EnterScreen")).EnterScreen }),
      },
      {
        // Django serves the page here; the schema it reads is open to everyone.
        path: "/api/v1/docs",
        lazy: async () => ({ Component: (await import("./screens/admin/ApiDocsScreen")).ApiDocsScreen }),
      },
      {
        element: <Shell />,
        children: [
          {
            errorElement: <CrashScreen />,
            children: [
              {
                path: "/",
                lazy: async () => ({ Component: (await import("./screens/home/StudiesScreen")).StudiesScreen }),
              },
              {
                path: "/account",
                lazy: async () => ({ Component: (await import("./screens/home/AccountScreen")).AccountScreen }),
              },
              {
                path: "/studies/new",
                lazy: async () => ({ Component: (await import("./screens/admin/NewStudyScreen")).NewStudyScreen }),
              },
              {
                path: "/studies/:slug",
                lazy: async () => ({ Component: (await import("./screens/admin/StudyScreen")).StudyScreen }),
              },
              {
                path: "/studies/:slug/images",
                lazy: async () => ({ Component: (await import("./screens/admin/ImagesScreen")).ImagesScreen }),
              },
              {
                path: "/studies/:slug/images/:imageId",
                handle: STAGE,
                lazy: async () => ({ Component: (await import("./screens/regions/RegionsScreen")).RegionsScreen }),
              },
              {
                path: "/studies/:slug/proposals",
                handle: STAGE,
                lazy: async () => ({
                  Component: (await import("./screens/proposals/ProposalsScreen")).ProposalsScreen,
                }),
              },
              {
                path: "/studies/:slug/qualify",
                handle: STAGE,
                lazy: async () => ({ Component: (await import("./screens/qualify/QualifyScreen")).QualifyScreen }),
              },
              {
                path: "/studies/:slug/rate",
                handle: STAGE,
                lazy: async () => ({ Component: (await import("./screens/rating/RatingScreen")).RatingScreen }),
              },
              {
                path: "/studies/:slug/releases",
                lazy: async () => ({ Component: (await import("./screens/admin/ReleasesScreen")).ReleasesScreen }),
              },
              {
                path: "/studies/:slug/training",
                lazy: async () => ({ Component: (await import("./screens/training/RunsScreen")).RunsScreen }),
              },
              {
                path: "/studies/:slug/training/new",
                lazy: async () => ({ Component: (await import("./screens/training/NewRunScreen")).NewRunScreen }),
              },
              {
                path: "/studies/:slug/training/rule",
                lazy: async () => ({ Component: (await import("./screens/training/RuleScreen")).RuleScreen }),
              },
              {
                path: "/studies/:slug/training/webhooks",
                lazy: async () => ({ Component: (await import("./screens/training/WebhooksScreen")).WebhooksScreen }),
              },
              {
                path: "/studies/:slug/training/runs/:runId",
                lazy: async () => ({ Component: (await import("./screens/training/RunScreen")).RunScreen }),
              },
              {
                path: "/studies/:slug/models",
                lazy: async () => ({ Component: (await import("./screens/training/ModelsScreen")).ModelsScreen }),
              },
              {
                path: "/studies/:slug/models/:modelId",
                lazy: async () => ({ Component: (await import("./screens/training/ModelScreen")).ModelScreen }),
              },
              { path: "*", element: <NotFoundScreen /> },
            ],
          },
        ],
      },
    ],
  },
]);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Only what may go better the next time is asked again: a refusal stays a refusal.
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.isTransient,
    },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root element to draw the app in.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ToastProvider>
        <RouterProvider router={router} />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);
