//! The OpenAPI document: what the routes declare, joined with who may call them. The same document tells the
//! middleware which query keys a route knows, so the two cannot drift apart.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::http::Method;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use super::access::{RULES, Rule, Who};
use crate::domain::staff::Role;

/// The document and what the middleware needs of it.
pub(crate) struct Described {
    pub(crate) document: Bytes,
    /// Query keys of each operation, by method and path.
    keys: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Described {
    /// Completes `declared` with roles, scopes and the problem every operation may answer.
    ///
    /// Panics when a route and [`RULES`] disagree: a server must not start with an unguarded or unreachable route.
    pub(crate) fn new(declared: &OpenApi) -> Self {
        let mut document =
            serde_json::to_value(declared).expect("an OpenAPI document is plain data");
        let mut keys = BTreeMap::new();
        let mut described = BTreeSet::new();
        let paths = document["paths"]
            .as_object_mut()
            .expect("the routes declare paths");
        for (path, item) in paths {
            let operations = item.as_object_mut().expect("a path item is an object");
            for (method, operation) in operations {
                let method = method.to_uppercase();
                let rule = RULES
                    .iter()
                    .find(|rule| rule.method.as_str() == method && rule.path == path)
                    .unwrap_or_else(|| panic!("{method} {path} has no access rule"));
                complete(operation, rule);
                keys.insert((method.clone(), path.clone()), query_keys(operation));
                described.insert((method, path.clone()));
            }
        }
        for rule in RULES {
            let route = (rule.method.to_string(), rule.path.to_owned());
            assert!(described.contains(&route), "{route:?} is not routed");
        }
        document["components"]["securitySchemes"] = json!({
            "session": {"type": "apiKey", "in": "cookie", "name": super::auth::COOKIE,
                "description": "Set by login. Unsafe methods also need X-CSRF-Token."},
            "token": {"type": "http", "scheme": "bearer",
                "description": "A machine token with scopes, made by an administrator."},
        });
        Self {
            document: serde_json::to_vec(&document)
                .expect("a JSON value serialises")
                .into(),
            keys,
        }
    }

    /// The first key of `query` that the operation does not know.
    pub(crate) fn unknown_key(&self, method: &Method, path: &str, query: &str) -> Option<String> {
        let method = if method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        let known = self.keys.get(&(method.to_string(), path.to_owned()));
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split('=').next().unwrap_or(pair))
            .find(|key| !known.is_some_and(|known| known.contains(*key)))
            .map(|key| key.chars().take(64).collect())
    }
}

fn query_keys(operation: &Value) -> BTreeSet<String> {
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

fn complete(operation: &mut Value, rule: &Rule) {
    let roles: Vec<&str> = match rule.who {
        Who::Anyone => vec![],
        Who::SignedIn => Role::ALL.iter().map(|role| role.code()).collect(),
        Who::Roles(roles) => roles.iter().map(|role| role.code()).collect(),
    };
    operation["x-roles"] = json!(roles);
    // A handler is named within its resource: `tickets_list`.
    let (tag, name) = (&operation["tags"][0], &operation["operationId"]);
    if let (Some(tag), Some(name)) = (tag.as_str(), name.as_str()) {
        operation["operationId"] = json!(format!("{tag}_{name}"));
    }
    operation["security"] = match (rule.who, rule.scope) {
        (Who::Anyone, _) => json!([]),
        (_, None) => json!([{"session": []}]),
        (_, Some(scope)) => {
            operation["x-scope"] = json!(scope.code());
            json!([{"session": []}, {"token": []}])
        }
    };
    operation["responses"]["default"] = json!({
        "description": "Not done, and why",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
}
