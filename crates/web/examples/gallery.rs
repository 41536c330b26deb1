//! Serves the gallery for designers and for the browser tests, with the same content security policy as the product:
//! `cargo run -p web --example gallery -- 127.0.0.1:4180`. `--paths` prints the pages instead.
#![expect(clippy::print_stdout, reason = "a command for people")]

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{Redirect, Response};
use axum::routing::get;

/// No inline script or style, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn with_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4180".to_owned());
    if argument == "--paths" {
        for path in web::gallery::paths() {
            println!("{path}");
        }
        return Ok(());
    }
    let listener = tokio::net::TcpListener::bind(&argument).await?;
    println!("gallery on http://{}{}", listener.local_addr()?, web::gallery::PREFIX);
    let routes = Router::new()
        .route("/", get(|| async { Redirect::to(web::gallery::PREFIX) }))
        .merge(web::assets::router())
        .merge(web::gallery::router());
    axum::serve(listener, routes.layer(map_response(with_policy))).await
}
