#pragma once

/* The version of the program, and how it names itself to servers. */

#ifndef PODIDENTITY_VERSION
#define PODIDENTITY_VERSION "0.1.0"
#endif

/* A name of our own: a User-Agent that begins like curl's gets JSON indented for people. */
#define PODIDENTITY_USER_AGENT "podidentity/" PODIDENTITY_VERSION " (linux)"
