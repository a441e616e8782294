/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_pin.h - chains that stay when their product ends: what keeps them is pinned in bpffs.
 *
 * /sys/fs/bpf/PRODUCT/CHAIN:TARGET/ has the link (or what stands for it, see emf_chain_hook_ops), the maps of the chain,
 * and of each generation "slots-N" and "entry-N". There may be two of these while one takes the place of the other. The folder
 * is locked by the process that the chain is of.
 */
#ifndef EMF_CORE_CHAIN_PIN_H
#define EMF_CORE_CHAIN_PIN_H

#include "chain_build.h"
#include "chain_hook.h"
#include "pin_folder.h"

#define EMF_PIN_PATH_MAX 400

/**
 * struct emf_chain_pins - the folder of an instance
 * @folder: open and locked; -1: nothing of this instance is pinned
 * @at: the path by which it is used, see emf_pin_folder_at()
 * @product: the name of the product
 * @name: of the folder
 * @path: for messages
 */
struct emf_chain_pins {
	int folder;
	char at[EMF_PIN_AT_MAX];
	const char *product;
	char name[256]; /* NAME_MAX */
	char path[EMF_PIN_PATH_MAX];
};

/**
 * emf_chain_pins_open() - find what an earlier run left of an instance, or make room for it
 * @pins: of the instance
 * @hook: where it hangs
 * @makes: there will be some
 * @why: receives a sentence
 * @size: of it
 *
 * Return: 0, with @folder of -1 if there is none; -EBUSY if another process has them; or a negative errno; both in @why.
 */
int emf_chain_pins_open(struct emf_chain_pins *pins, const struct emf_chain_hook *hook, bool makes, char *why, size_t size);

/**
 * emf_chain_pins_adopt() - take what is there over
 * @pins: of the instance, which has a folder
 * @hook: gets the link, if there is one that hangs where it should
 * @maps: get those that are there
 * @registry: the modules: counts go on if they are of the same programs
 * @last: receives the number of the last generation, 0 if there was none
 *
 * Return: 0; or why the kernel could not be asked whether it hangs there still.
 */
int emf_chain_pins_adopt(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, struct emf_chain_maps *maps,
			 const struct emf_registry *registry, uint32_t *last);

/* A generation is about to be switched to. 0 or a negative errno. */
int emf_chain_pins_add(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation);

/* It was not. */
void emf_chain_pins_take_back(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation);

/*
 * Generations before that of this number, which none enters any more; UINT32_MAX: all that is of chains there, and the folder.
 * 0; -ENOTEMPTY if there is something else.
 */
int emf_chain_pins_remove(const struct emf_chain_pins *pins, uint32_t before);

/* Opens and locks the folder @name of a product's folder that is open. 0; -EBUSY; or emf_pin_folder_open()'s. */
int emf_chain_pins_lock(struct emf_chain_pins *pins, int product, bool makes);

/* The rest of what stays: maps, then the link. 0 or a negative errno: then the link is not pinned. */
int emf_chain_pins_keep(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, const struct emf_chain_maps *maps,
			const struct emf_registry *registry);

/* The opposite of it: what hangs there goes with this process again. */
void emf_chain_pins_let_go(const struct emf_chain_pins *pins, struct emf_chain_hook *hook);

void emf_chain_pins_close(struct emf_chain_pins *pins);

/* Whether the interface of a folder of this name is in our namespace, which stands behind the last '@'; or it has none. */
bool emf_chain_pins_are_here(const char *name);

/* Whether a program is the entry of a generation that is pinned here: proof that what it hangs at is ours. */
bool emf_chain_pins_have(const char *path, uint32_t program, struct emf_owned_program *found);

/**
 * emf_pins_purge() - take down all that is pinned by a product that does not run
 * @product: its name
 * @told: receives a sentence about each
 *
 * Return: how many could not be taken down.
 */
int emf_pins_purge(const char *product, void (*told)(int err, const char *sentence));

/* Warns of chains that stay since an earlier run, and that no process has taken over. */
void emf_pins_tell(const char *product);

#endif
