//! A TLS server of a test's own, with a certificate that it has made itself: `-k`, or `--proxy-insecure`.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

/// A configuration that any client may change.
pub(crate) fn config() -> ServerConfig {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap()
}

/// Serves every connection: the handshake, the first bytes of a request, and then `conduct`. Gives the port.
pub(crate) fn serve(config: ServerConfig, conduct: fn(ServerConnection, TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    thread::spawn(move || {
        for mut tcp in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                tcp.set_nodelay(true).unwrap();
                let mut connection = ServerConnection::new(config).unwrap();
                // The tickets, too, before the request is read.
                while connection.is_handshaking() || connection.wants_write() {
                    if connection.complete_io(&mut tcp).is_err() {
                        return;
                    }
                }
                if Stream::new(&mut connection, &mut tcp).read(&mut [0; 8192]).is_ok() {
                    conduct(connection, tcp);
                }
            });
        }
    });
    port
}
