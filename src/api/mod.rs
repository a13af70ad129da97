//! HTTP: routes, authentication, problem+json, live events. The only place that knows HTTP.
