"""Reads SAML metadata documents with pysaml2, which knows nothing of Rolecall, and says what is in them.

Arguments: the address of an identity provider's document, and the paths of documents of service providers. A document
that does not parse, that breaks the schema's rules, or that lacks what its role needs, fails.
"""

import base64
import hashlib
import json
import pathlib
import sys
import urllib.request

from cryptography import x509
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, md
from saml2.attribute_converter import ac_factory
from saml2.config import Config
from saml2.mdstore import InMemoryMetaData



def load(text):
    """The one entity of a document, by its id. Loading checks the document against the schema's rules."""
    descriptor = md.entity_descriptor_from_string(text)
    assert descriptor is not None, "this is no EntityDescriptor"
    assert descriptor.verify(), "the document breaks the schema"
    left = list(unknown(descriptor))
    assert not left, f"the schema does not know {left}"
    store = InMemoryMetaData(ac_factory(), Config())
    store.parse(text)
    assert store.keys(), "pysaml2 takes no entity from the document"
    (entity,) = store.keys()
    return entity, store, descriptor


def unknown(element):
    """Elements and attributes that the schema has not at their place."""
    for extra in element.extension_elements:
        yield extra.tag
    yield from element.extension_attributes
    for member, _ in element.c_children.values():
        value = getattr(element, member)
        for child in value if isinstance(value, list) else [value]:
            if child is not None:
                yield from unknown(child)


def identity_provider(text):
    entity, store, descriptor = load(text)
    (role,) = descriptor.idpsso_descriptor
    certificates = []
    for key in role.key_descriptor:
        assert key.use == "signing", key.use
        for data in key.key_info.x509_data:
            der = base64.b64decode(data.x509_certificate.text)
            parsed = x509.load_der_x509_certificate(der)
            # The certificate is signed by the key that it holds.
            parsed.verify_directly_issued_by(parsed)
            certificates.append(
                {
                    "thumbprint": hashlib.sha1(der).hexdigest().upper(),
                    "subject": parsed.subject.rfc4514_string(),
                    "notAfter": parsed.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )
    # What a service provider asks for when it sends somebody to sign in.
    places = [
        one["location"]
        for binding in (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)
        for one in store.service(entity, "idpsso_descriptor", "single_sign_on_service", binding)
    ]
    certificates.sort(key=lambda one: one["thumbprint"])
    return {
        "entityId": entity,
        "certificates": certificates,
        "characters": len(text.decode()),
        "signOn": sorted(set(places)),
    }


def service_provider(path):
    entity, store, _ = load(pathlib.Path(path).read_bytes())
    consumers = store.service(entity, "spsso_descriptor", "assertion_consumer_service", BINDING_HTTP_POST)
    assert consumers, f"{path}: nobody takes assertions by HTTP-POST"
    return {"entityId": entity, "assertionConsumers": sorted(one["location"] for one in consumers)}


def main():
    address, *paths = sys.argv[1:]
    with urllib.request.urlopen(address) as answer:
        provider = identity_provider(answer.read())
    print(json.dumps({"identityProvider": provider, "serviceProviders": [service_provider(path) for path in paths]}))


if __name__ == "__main__":
    main()
