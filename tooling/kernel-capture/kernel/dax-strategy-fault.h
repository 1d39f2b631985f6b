/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Carrying on into the write-protect path in the same fault. Built as a part of mm/memory.c. */

/* After a write fault on a shared area ended in ret: a read-only entry goes through do_wp_page as if the store had
 * trapped again; the result of both.
 */
static vm_fault_t wp_if_read_only(struct vm_fault *vmf, vm_fault_t ret)
{
	if (pmd_none(*vmf->pmd) || pmd_trans_huge(*vmf->pmd) || pmd_devmap(*vmf->pmd))
		return ret;
	vmf->pte = pte_offset_map_lock(vmf->vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	vmf->orig_pte = *vmf->pte;
	vmf->flags |= FAULT_FLAG_ORIG_PTE_VALID;
	if (!pte_present(vmf->orig_pte) || pte_write(vmf->orig_pte)) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return ret;
	}
	return ret | do_wp_page(vmf);
}

/* In do_shared_fault: a handler that installed read-only says so. */
static vm_fault_t __do_fault_or_wp(struct vm_fault *vmf)
{
	vm_fault_t ret = __do_fault(vmf);

	if (static_branch_unlikely(&dax_hints) && (ret & VM_FAULT_READONLY))
		return wp_if_read_only(vmf, ret & ~VM_FAULT_READONLY);
	return ret;
}

/* In handle_pte_fault: look again. */
static vm_fault_t do_fault_and_carry_on(struct vm_fault *vmf)
{
	vm_fault_t ret = do_fault(vmf);

	if (static_branch_unlikely(&dax_carries_on) && (ret & VM_FAULT_NOPAGE) && (vmf->flags & FAULT_FLAG_WRITE) &&
	    (vmf->vma->vm_flags & VM_SHARED))
		return wp_if_read_only(vmf, ret);
	return ret;
}
