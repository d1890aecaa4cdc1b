//! Who may speak to a test's API server? Everybody with a certificate of its own authority, under the name and the
//! groups that the certificate says.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair,
};
use serde_json::json;

use crate::run_folder::RunFolder;
use crate::setup_error::SetupError;

/// The certificate authority of one cluster, and the files it wrote.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    ca_file: PathBuf,
    ca_pem: String,
    server: String,
}

impl Authority {
    /// Makes the authority, the certificate of the server at this URL (`pki/apiserver.crt`, `.key`) and the keys that
    /// sign tokens of service accounts (`pki/sa.key`, `.pub`).
    ///
    /// # Errors
    /// Keys cannot be made or files not written.
    pub(super) fn new(folder: &RunFolder, server: &str) -> Result<Self, SetupError> {
        let (issuer, ca_pem) = issuer().map_err(|e| made("the certificate authority", &e))?;
        let ca_file = folder.write("pki/ca.crt", &ca_pem)?;
        let authority = Authority { issuer, ca_file, ca_pem, server: server.to_owned() };
        let names = ["127.0.0.1", "10.100.0.1", "localhost", "kubernetes.default.svc"];
        let (certificate, key) = authority
            .sign("kube-apiserver", &[], &names, ExtendedKeyUsagePurpose::ServerAuth)
            .map_err(|e| made("the server's certificate", &e))?;
        folder.write("pki/apiserver.crt", &certificate)?;
        folder.write("pki/apiserver.key", &key)?;
        let accounts = KeyPair::generate().map_err(|e| made("the key of service accounts", &e))?;
        folder.write("pki/sa.key", &accounts.serialize_pem())?;
        folder.write("pki/sa.pub", &accounts.public_key_pem())?;
        Ok(authority)
    }

    /// Certificate of the authority, PEM.
    pub(super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// File with that certificate.
    pub(super) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Writes `<file>.kubeconfig` for a user of this name in these groups, and answers with its path.
    ///
    /// # Errors
    /// As for [`Authority::new`].
    pub(super) fn kubeconfig(
        &self,
        folder: &RunFolder,
        file: &str,
        user: &str,
        groups: &[&str],
    ) -> Result<PathBuf, SetupError> {
        let (certificate, key) = self
            .sign(user, groups, &[], ExtendedKeyUsagePurpose::ClientAuth)
            .map_err(|e| made(&format!("the certificate of {user}"), &e))?;
        let certificate = folder.write(&format!("pki/{file}.crt"), &certificate)?;
        let key = folder.write(&format!("pki/{file}.key"), &key)?;
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": self.server, "certificate-authority": self.ca_file}}],
            "users": [{"name": file, "user": {"client-certificate": certificate, "client-key": key}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": file}}],
        });
        folder.write(&format!("{file}.kubeconfig"), &text.to_string())
    }

    /// Certificate and key, PEM.
    fn sign(
        &self,
        user: &str,
        groups: &[&str],
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<(String, String), rcgen::Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = subject(user, groups);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }
}

fn issuer() -> Result<(Issuer<'static, KeyPair>, String), rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = subject("joiner-test-authority", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

fn subject(name: &str, groups: &[&str]) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    for group in groups {
        subject.push(DnType::OrganizationName, *group);
    }
    subject
}

fn made(what: &str, cause: &rcgen::Error) -> SetupError {
    SetupError::because(format!("making {what}"), cause)
}
